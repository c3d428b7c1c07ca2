hartape_fuzz_target(decompress SOURCES decompress_fuzz.cpp LINKS hartape::stream_io)
