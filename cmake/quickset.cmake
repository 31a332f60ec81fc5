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

# qs_test(NAME <name> SOURCES ... COMPONENTS ... [LIBRARIES ...] LABEL <label> [SLOW]): a GoogleTest program found by CTest.
# SLOW: its instantiations named Slow run with `./run test --all` alone.
function(qs_test)
  cmake_parse_arguments(ARG "SLOW" "NAME;LABEL;TIMEOUT" "SOURCES;COMPONENTS;LIBRARIES" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_executable(test_${ARG_NAME} ${ARG_SOURCES})
  set(libraries ${ARG_LIBRARIES})
  foreach(component ${ARG_COMPONENTS})
    target_sources(test_${ARG_NAME} PRIVATE $<TARGET_OBJECTS:qs_${component}>)
    list(APPEND libraries $<TARGET_PROPERTY:qs_${component},QS_LIBRARIES>)
  endforeach()
  target_link_libraries(test_${ARG_NAME} PRIVATE qs_settings ${libraries} GTest::gtest GTest::gtest_main)
  target_compile_definitions(test_${ARG_NAME} PRIVATE QS_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                                                      QS_BINARY_DIR="${PROJECT_BINARY_DIR}")
  gtest_discover_tests(
    test_${ARG_NAME}
    TEST_PREFIX ${ARG_NAME}.
    TEST_FILTER -Slow/*
    DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT})
  if(ARG_SLOW)
    gtest_discover_tests(
      test_${ARG_NAME}
      TEST_PREFIX ${ARG_NAME}.
      TEST_FILTER Slow/*
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
