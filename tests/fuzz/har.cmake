hartape_fuzz_target(har SOURCES har_fuzz.cpp LINKS hartape::har)
hartape_fuzz_target(check_values SOURCES check_values_fuzz.cpp LINKS hartape::har)
target_include_directories(fuzz_check_values PRIVATE "${PROJECT_SOURCE_DIR}/libhar/src")
