hartape_fuzz_target(mocks SOURCES mocks_fuzz.cpp LINKS hartape::stream_mock)
