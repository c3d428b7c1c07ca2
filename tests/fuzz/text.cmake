hartape_fuzz_target(charset SOURCES charset_fuzz.cpp LINKS hartape::stream_text)
hartape_fuzz_target(json SOURCES json_fuzz.cpp LINKS hartape::stream_text)
