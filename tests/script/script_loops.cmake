# The object libraries script_loops_<set>_<real>_<lanes>, together SCRIPT_LOOPS: script_loops.c for each instruction set.
# For tests and benchmarks.
set(SCRIPT_LOOPS)
foreach(set "v4;-march=x86-64-v4;-mprefer-vector-width=512" "v3;-march=x86-64-v3" "baseline")
  list(POP_FRONT set name)
  foreach(kind "float;0;64" "float;0;128" "double;1;64")
    list(GET kind 0 real)
    list(GET kind 1 is_double)
    list(GET kind 2 lanes)
    set(target script_loops_${name}_${real}_${lanes})
    list(APPEND SCRIPT_LOOPS $<TARGET_OBJECTS:${target}>)
    if(TARGET ${target})
      continue()
    endif()
    add_library(${target} OBJECT ${CMAKE_CURRENT_LIST_DIR}/script_loops.c)
    target_link_libraries(${target} PRIVATE qs_settings)
    target_compile_definitions(
      ${target} PRIVATE QS_REAL_DOUBLE=${is_double} QS_LANES=${lanes} QS_SCRIPT_SET=qs_script_${name}_${real}_${lanes}
                        QS_SCRIPT_NAME="${name}/${real}/${lanes}")
    target_compile_options(${target} PRIVATE -O3 -fno-thread-jumps ${set})
  endforeach()
endforeach()
