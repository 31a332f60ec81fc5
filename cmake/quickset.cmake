# Helpers used by every folder's CMakeLists.txt.

# Settings shared by all of our own C and C++ targets.
add_library(qs_settings INTERFACE)
target_include_directories(qs_settings INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include
                                                 ${PROJECT_BINARY_DIR}/include)
target_compile_options(
  qs_settings
  INTERFACE
    -ffp-contract=off -fno-trapping-math -fno-math-errno -Wall -Wextra -Wpedantic -Wshadow -Wconversion
    $<$<COMPILE_LANGUAGE:C>:-Wmissing-prototypes> $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes>
    $<$<COMPILE_LANGUAGE:CXX>:-Wno-missing-field-initializers>) # tests leave out fields whose default is 0
if(QS_WERROR)
  target_compile_options(qs_settings INTERFACE -Werror)
endif()
if(QS_SANITIZE)
  target_compile_options(qs_settings INTERFACE -fsanitize=${QS_SANITIZE} -fno-omit-frame-pointer
                                               -fno-sanitize-recover=all)
  target_link_options(qs_settings INTERFACE -fsanitize=${QS_SANITIZE})
endif()
target_link_libraries(qs_settings INTERFACE OpenMP::OpenMP_C m ${CMAKE_DL_LIBS})

# qs_plain_libraries(<result> <library>...): libraries as plain names (cminpack, not a path, nor an imported target that
# its folder alone can see), so that tests, the CMake package and the pkg-config file can name them as they are.
function(qs_plain_libraries result)
  set(names)
  foreach(library ${ARGN})
    if(TARGET ${library})
      get_target_property(type ${library} TYPE)
      get_target_property(location ${library} INTERFACE_LINK_LIBRARIES)
      if(NOT type STREQUAL "INTERFACE_LIBRARY")
        get_target_property(file ${library} IMPORTED_LOCATION)
        list(APPEND location ${file})
      endif()
      list(FILTER location EXCLUDE REGEX "NOTFOUND$")
      qs_plain_libraries(inner ${location})
      list(APPEND names ${inner})
    elseif(library MATCHES "/lib([^/]+)\\.(so|a)$")
      list(APPEND names ${CMAKE_MATCH_1})
    elseif(library MATCHES "^(-l)?([A-Za-z0-9_+]+)$")
      list(APPEND names ${CMAKE_MATCH_2})
    else()
      message(FATAL_ERROR "cannot name the library '${library}' to those who link quickset statically")
    endif()
  endforeach()
  list(REMOVE_DUPLICATES names)
  set(${result} ${names} PARENT_SCOPE)
endfunction()

# qs_component(NAME <name> SOURCES ... [LIBRARIES ...]): one folder's code, as the object library qs_<name>.
function(qs_component)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;LIBRARIES" ${ARGN})
  add_library(qs_${ARG_NAME} OBJECT ${ARG_SOURCES})
  set_target_properties(qs_${ARG_NAME} PROPERTIES POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden
                                                  CXX_VISIBILITY_PRESET hidden)
  target_link_libraries(qs_${ARG_NAME} PRIVATE qs_settings ${ARG_LIBRARIES})
  set_property(GLOBAL APPEND PROPERTY QS_COMPONENTS qs_${ARG_NAME})
  qs_plain_libraries(plain ${ARG_LIBRARIES})
  set_property(GLOBAL APPEND PROPERTY QS_COMPONENT_LIBRARIES ${plain})
  set_property(TARGET qs_${ARG_NAME} PROPERTY QS_LIBRARIES ${plain})
endfunction()

# What every test includes, parsed once: 0.4 s of each of 200 files. Not by default, since ccache then keeps none of them.
option(QS_TEST_HEADER "Precompile the header of the tests" OFF)
function(qs_test_header target)
  if(QS_TEST_HEADER AND NOT TARGET qs_test_header)
    add_library(qs_test_header OBJECT ${PROJECT_SOURCE_DIR}/tests/header.cc)
    target_link_libraries(qs_test_header PRIVATE qs_settings GTest::gtest)
    target_compile_options(qs_test_header PRIVATE -O1)
    target_precompile_headers(qs_test_header PRIVATE ${PROJECT_SOURCE_DIR}/tests/header.h)
  endif()
  if(QS_TEST_HEADER)
    get_target_property(sources ${target} SOURCES)
    list(FILTER sources INCLUDE REGEX "\\.c$")
    set_source_files_properties(${sources} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
    target_precompile_headers(${target} REUSE_FROM qs_test_header)
  endif()
endfunction()

# qs_test_objects(NAME <name> SOURCES ...): what several test programs share, compiled once, as the object library <name>.
function(qs_test_objects)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES" ${ARGN})
  add_library(${ARG_NAME} OBJECT ${ARG_SOURCES})
  target_link_libraries(${ARG_NAME} PRIVATE qs_settings GTest::gtest)
  target_compile_definitions(${ARG_NAME} PRIVATE QS_SOURCE_DIR="${PROJECT_SOURCE_DIR}" QS_BINARY_DIR="${PROJECT_BINARY_DIR}")
  target_compile_options(${ARG_NAME} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-O1>)
  qs_test_header(${ARG_NAME})
endfunction()

# qs_test(NAME <name> SOURCES ... COMPONENTS ... [OBJECTS ...] [LIBRARIES ...] LABEL <label> [EACH | SHARDS <n>] [OPTIMISED]
# [COST <seconds>] [SLOW]): a GoogleTest program, run by CTest as one test: to start a process for each of thousands of short
# cases costs more than the cases.
# EACH: a test for each case, for programs with long ones, which then run side by side. SHARDS: n tests that divide the cases.
# COST: of its longest test; CTest begins with what is dearest, so that the last one is short.
# OPTIMISED: it computes much by itself. Others are compiled in half the time (-O1).
# OBJECTS: of qs_test_objects. WITHOUT: a pattern of cases that it has and does not run. SLOW: its instantiations named Slow or
# Slow... run with `./run test --all` alone.
function(qs_test)
  cmake_parse_arguments(ARG "SLOW;EACH;OPTIMISED" "NAME;LABEL;TIMEOUT;SHARDS;COST;WITHOUT" "SOURCES;COMPONENTS;LIBRARIES;OBJECTS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  if(NOT ARG_SHARDS)
    set(ARG_SHARDS 1)
  endif()
  if(NOT ARG_COST)
    set(ARG_COST 0)
  endif()
  add_executable(test_${ARG_NAME} ${ARG_SOURCES})
  set(libraries ${ARG_LIBRARIES})
  foreach(component ${ARG_COMPONENTS})
    target_sources(test_${ARG_NAME} PRIVATE $<TARGET_OBJECTS:qs_${component}>)
    list(APPEND libraries $<TARGET_PROPERTY:qs_${component},QS_LIBRARIES>)
  endforeach()
  foreach(objects ${ARG_OBJECTS})
    target_sources(test_${ARG_NAME} PRIVATE $<TARGET_OBJECTS:${objects}>)
  endforeach()
  target_link_libraries(test_${ARG_NAME} PRIVATE qs_settings ${libraries} GTest::gtest GTest::gtest_main)
  target_compile_definitions(test_${ARG_NAME} PRIVATE QS_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                                                      QS_BINARY_DIR="${PROJECT_BINARY_DIR}")
  if(NOT ARG_OPTIMISED)
    target_compile_options(test_${ARG_NAME} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-O1>)
    qs_test_header(test_${ARG_NAME})
  endif()
  if(ARG_EACH)
    gtest_discover_tests(
      test_${ARG_NAME}
      TEST_PREFIX ${ARG_NAME}.
      TEST_FILTER -Slow*/*
      DISCOVERY_TIMEOUT 60
      PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT} COST ${ARG_COST})
  else()
    math(EXPR last "${ARG_SHARDS} - 1")
    string(JOIN ":" left_out -Slow*/* ${ARG_WITHOUT})
    foreach(shard RANGE ${last})
      set(test ${ARG_NAME})
      if(ARG_SHARDS GREATER 1)
        set(test ${ARG_NAME}.${shard})
      endif()
      add_test(NAME ${test} COMMAND test_${ARG_NAME} --gtest_filter=${left_out})
      set_tests_properties(
        ${test} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT} COST ${ARG_COST}
                           ENVIRONMENT "GTEST_TOTAL_SHARDS=${ARG_SHARDS};GTEST_SHARD_INDEX=${shard}"
                           FAIL_REGULAR_EXPRESSION "Running 0 tests" SKIP_REGULAR_EXPRESSION "  PASSED  . 0 tests")
    endforeach()
  endif()
  if(ARG_SLOW)
    gtest_discover_tests(
      test_${ARG_NAME}
      TEST_PREFIX ${ARG_NAME}.
      TEST_FILTER Slow*/*
      DISCOVERY_TIMEOUT 60
      PROPERTIES LABELS slow TIMEOUT ${ARG_TIMEOUT})
  endif()
endfunction()

# qs_program(NAME <name> SOURCES ... [LIBRARIES ...]): the program bin/<name>, target <name>_program. It links the shared
# library, so that the linker itself holds it to the public interface.
function(qs_program)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;LIBRARIES" ${ARGN})
  set(target ${ARG_NAME}_program)
  add_executable(${target} ${ARG_SOURCES})
  set_target_properties(${target} PROPERTIES OUTPUT_NAME ${ARG_NAME} INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
  target_link_libraries(${target} PRIVATE qs_settings quickset ${ARG_LIBRARIES})
endfunction()

add_custom_target(benches)

# qs_bench(NAME <name> SOURCES ... COMPONENTS ... [LIBRARIES ...]): the benchmark bin/bench_<name>, built by the target
# `benches` and run by `./run bench` as bench_<name> --benchmark_out=FILE --benchmark_out_format=json; it writes its
# figures to FILE.
function(qs_bench)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;COMPONENTS;LIBRARIES" ${ARGN})
  add_executable(bench_${ARG_NAME} ${ARG_SOURCES})
  set(libraries ${ARG_LIBRARIES})
  foreach(component ${ARG_COMPONENTS})
    target_sources(bench_${ARG_NAME} PRIVATE $<TARGET_OBJECTS:qs_${component}>)
    list(APPEND libraries $<TARGET_PROPERTY:qs_${component},QS_LIBRARIES>)
  endforeach()
  target_link_libraries(bench_${ARG_NAME} PRIVATE qs_settings ${libraries})
  add_dependencies(benches bench_${ARG_NAME})
endfunction()
