#include "harconv/harconv.hpp"

int main(int argc, char** argv) { return tools::harconv::main(argc, argv); }
