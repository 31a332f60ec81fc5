# The libraries made of all components, and all that is installed: headers, libraries, the program, the CUDA plug-in,
# the CMake package and the pkg-config file.
include(CMakePackageConfigHelpers)

get_property(components GLOBAL PROPERTY QS_COMPONENTS)
list(REMOVE_ITEM components qs_cli) # the program's own parts are no part of the library
get_property(private_libraries GLOBAL PROPERTY QS_COMPONENT_LIBRARIES)
set(objects)
foreach(component ${components})
  list(APPEND objects $<TARGET_OBJECTS:${component}>)
endforeach()
list(REMOVE_DUPLICATES private_libraries)
set(static_libraries ${private_libraries} ${OpenMP_C_LIB_NAMES} dl m)
list(REMOVE_DUPLICATES static_libraries)

add_library(quickset SHARED ${objects})
add_library(quickset_static STATIC ${objects})
# Below 1.0 a minor version may change the interface, so it is part of the soname.
set_target_properties(
  quickset PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
                      LINKER_LANGUAGE C)
set_target_properties(quickset_static PROPERTIES OUTPUT_NAME quickset LINKER_LANGUAGE C)
target_link_libraries(quickset PRIVATE qs_settings ${private_libraries})
if(NOT QS_SANITIZE) # its functions come with the program
  target_link_options(quickset PRIVATE -Wl,--no-undefined)
endif()
target_link_libraries(quickset_static PUBLIC ${static_libraries})
foreach(library quickset quickset_static)
  target_include_directories(
    ${library} INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>
                         $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  add_library(quickset::${library} ALIAS ${library})
endforeach()

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/quickset ${PROJECT_BINARY_DIR}/include/quickset
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(TARGETS quickset quickset_static EXPORT quicksetTargets)
foreach(program quickset_program quickset-mpi_program)
  if(TARGET ${program})
    install(TARGETS ${program})
  endif()
endforeach()
if(TARGET quickset_cuda)
  install(TARGETS quickset_cuda DESTINATION ${CMAKE_INSTALL_LIBDIR}) # beside the library, which looks for it there
endif()

set(package_directory ${CMAKE_INSTALL_LIBDIR}/cmake/quickset)
install(EXPORT quicksetTargets NAMESPACE quickset:: DESTINATION ${package_directory})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/quicksetConfig.cmake.in ${PROJECT_BINARY_DIR}/quicksetConfig.cmake
                              INSTALL_DESTINATION ${package_directory} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/quicksetConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/quicksetConfig.cmake ${PROJECT_BINARY_DIR}/quicksetConfigVersion.cmake
        DESTINATION ${package_directory})

list(TRANSFORM static_libraries PREPEND -l OUTPUT_VARIABLE flags)
list(JOIN flags " " PC_LIBS_PRIVATE)
file(RELATIVE_PATH PC_PREFIX ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(${PROJECT_SOURCE_DIR}/cmake/quickset.pc.in ${PROJECT_BINARY_DIR}/quickset.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/quickset.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# `deliver`: all that is installed, and nothing else.
add_custom_target(deliver DEPENDS quickset quickset_static)
foreach(target quickset_program quickset-mpi_program quickset_cuda)
  if(TARGET ${target})
    add_dependencies(deliver ${target})
  endif()
endforeach()
