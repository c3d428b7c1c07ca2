#include "streamdiff/streamdiff.hpp"

int main(int argc, char** argv) { return tools::streamdiff(argc, argv); }
