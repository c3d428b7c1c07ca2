# What every target of ours is compiled with. `hartape_settings` is linked privately by our own code only, so that
# neither our warnings nor our sanitizers reach a program that uses the installed libraries.

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")

find_program(HARTAPE_CCACHE ccache)
if(HARTAPE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Precompiled headers defeat ccache unless it is told that their time stamps do not matter.
  set(CMAKE_CXX_COMPILER_LAUNCHER
    "${CMAKE_COMMAND}" -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime "${HARTAPE_CCACHE}")
endif()

add_library(hartape_settings INTERFACE)
# A hundred programs are linked for one build: the linker counts.
find_program(HARTAPE_MOLD mold)
if(HARTAPE_MOLD)
  target_link_options(hartape_settings INTERFACE -fuse-ld=mold)
endif()
target_compile_options(hartape_settings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Wnon-virtual-dtor -Woverloaded-virtual
  -Wcast-qual -Wformat=2 -Wimplicit-fallthrough)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # -Wmaybe-uninitialized: with optimisation GCC 12 takes the error of a tl::expected for uninitialised, and the strings of an
  # aggregate such as Error where its initialiser throws.
  # -Wrestrict, -Wstringop-overflow: GCC 12 at -O3 takes the operands of operator+(const char*, std::string) for overlapping or
  # endless (GCC bug 105651).
  target_compile_options(hartape_settings INTERFACE -Wduplicated-cond -Wlogical-op -Wno-maybe-uninitialized -fpch-preprocess
    "$<$<CONFIG:Release>:-Wno-restrict;-Wno-stringop-overflow>")
endif()
if(HARTAPE_DEVELOPER)
  target_compile_options(hartape_settings INTERFACE -Werror)
endif()
if(HARTAPE_SANITIZE)
  target_compile_options(hartape_settings INTERFACE "-fsanitize=${HARTAPE_SANITIZE}" -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(hartape_settings INTERFACE "-fsanitize=${HARTAPE_SANITIZE}")
  if(HARTAPE_SANITIZE MATCHES "address" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # A third of the time that GCC takes for a file (entry_from_exchange.cpp: 12.4 s with them, 7.8 s without): a null pointer and an
    # object that is too small are found by the other sanitizer, and script/fuzz, which builds with clang, has all of them.
    target_compile_options(hartape_settings INTERFACE -fno-sanitize=null,alignment,object-size,vptr)
  endif()
endif()
if(HARTAPE_FUZZ)
  target_compile_options(hartape_settings INTERFACE -fsanitize=fuzzer-no-link)
endif()
