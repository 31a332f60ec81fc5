# Finds nvcc where QS_CUDA lets it; sets QS_CUDA_FOUND. AUTO tries it first, so that an nvcc that does not get on with this
# compiler costs the plug-in and not the build.
set(QS_CUDA_ARCHITECTURES "80-real;90" CACHE STRING "GPUs to build for: machine code for sm_80 and sm_90, PTX for later ones")
set(QS_CUDA_FOUND OFF)
if(NOT QS_CUDA STREQUAL "OFF" AND NOT (QS_SANITIZE AND QS_CUDA STREQUAL "AUTO"))
  find_program(QS_NVCC nvcc HINTS ENV CUDACXX PATHS /usr/local/cuda/bin)
  if(QS_NVCC)
    set(probe ${PROJECT_BINARY_DIR}/cuda_probe.cu)
    file(WRITE ${probe} "#include <cuda_runtime.h>\n__global__ void kernel() {}\n")
    execute_process(COMMAND ${QS_NVCC} -std=c++17 -arch=sm_80 -c ${probe} -o ${probe}.o RESULT_VARIABLE failed
                    ERROR_VARIABLE reason OUTPUT_VARIABLE reason)
  endif()
  if(QS_NVCC AND (NOT failed OR NOT QS_CUDA STREQUAL "AUTO"))
    if(NOT DEFINED CMAKE_CUDA_COMPILER)
      set(CMAKE_CUDA_COMPILER ${QS_NVCC})
    endif()
    set(CMAKE_CUDA_ARCHITECTURES ${QS_CUDA_ARCHITECTURES})
    enable_language(CUDA)
    set(CMAKE_CUDA_STANDARD 17)
    set(CMAKE_CUDA_STANDARD_REQUIRED ON)
    set(CMAKE_CUDA_EXTENSIONS OFF)
    set(QS_CUDA_FOUND ON)
  elseif(NOT QS_CUDA STREQUAL "AUTO")
    message(FATAL_ERROR "QS_CUDA is ${QS_CUDA}, but nvcc is neither in PATH nor in /usr/local/cuda/bin")
  elseif(QS_NVCC)
    message(STATUS "CUDA plug-in: not built, ${QS_NVCC} cannot compile here: ${reason}")
  else()
    message(STATUS "CUDA plug-in: not built, nvcc is not found")
  endif()
endif()

# Settings of our CUDA targets and of the C files in them. The GPU's arithmetic is IEEE's, as the CPU's is: no
# contraction, no flush to zero.
add_library(qs_cuda_settings INTERFACE)
target_include_directories(qs_cuda_settings INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include
                                                      ${PROJECT_BINARY_DIR}/include)
target_compile_options(
  qs_cuda_settings
  INTERFACE $<$<COMPILE_LANGUAGE:CUDA>:--fmad=false --ftz=false --prec-div=true --prec-sqrt=true
            -Xcompiler=-ffp-contract=off,-Wall,-Wextra,-Wno-unknown-pragmas $<$<BOOL:${QS_WERROR}>:--Werror=all-warnings>>
            $<$<COMPILE_LANGUAGE:C>:-ffp-contract=off -fno-trapping-math -fno-math-errno>)
