hartape_fuzz_target(replay SOURCES replay_fuzz.cpp LINKS hartape::stream_net Boost::headers fmt::fmt)
target_include_directories(fuzz_replay PRIVATE "${PROJECT_SOURCE_DIR}/libstream/src/net")
hartape_fuzz_target(fault SOURCES fault_fuzz.cpp LINKS hartape::stream_replay)
hartape_fuzz_target(negotiate SOURCES negotiate_fuzz.cpp LINKS hartape::stream_replay)
