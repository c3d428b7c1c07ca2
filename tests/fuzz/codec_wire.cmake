hartape_fuzz_target(chunked SOURCES chunked_fuzz.cpp LINKS hartape::stream_codec)
hartape_fuzz_target(ws_frames SOURCES ws_frames_fuzz.cpp LINKS hartape::stream_codec)
hartape_fuzz_target(ws_messages SOURCES ws_messages_fuzz.cpp LINKS hartape::stream_codec)
hartape_fuzz_target(ws_extensions SOURCES ws_extensions_fuzz.cpp LINKS hartape::stream_codec)
