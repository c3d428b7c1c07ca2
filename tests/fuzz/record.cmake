hartape_fuzz_target(recording SOURCES recording_fuzz.cpp LINKS hartape::stream_record)
