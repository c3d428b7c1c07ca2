hartape_fuzz_target(har SOURCES har_fuzz.cpp LINKS hartape::har)

# The check's rules, one by one.
hartape_test(har_check_rules_test SOURCES check_relations_test.cpp check_values_test.cpp LINKS hartape::har fmt::fmt)
target_include_directories(har_check_rules_test PRIVATE "${PROJECT_SOURCE_DIR}/libhar/src")
