hartape_fuzz_target(har SOURCES har_fuzz.cpp LINKS hartape::har)
