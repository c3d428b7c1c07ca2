hartape_fuzz_target(compare SOURCES compare_fuzz.cpp LINKS hartape::stream_compare)
hartape_fuzz_target(compare_modes SOURCES compare_modes_fuzz.cpp LINKS hartape::stream_compare)
hartape_fuzz_target(noise_file SOURCES noise_file_fuzz.cpp LINKS hartape::stream_compare)
