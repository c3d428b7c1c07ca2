hartape_fuzz_target(compare SOURCES compare_fuzz.cpp LINKS hartape::stream_compare)
