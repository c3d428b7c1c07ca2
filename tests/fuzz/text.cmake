hartape_fuzz_target(json SOURCES json_fuzz.cpp LINKS hartape::stream_text)
