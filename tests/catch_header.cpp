// Nothing: it is compiled with the precompiled header that the tests use again, and so has it made.
