#include "streamserve/streamserve.hpp"

int main(int argc, char** argv) { return tools::streamserve::main(argc, argv); }
