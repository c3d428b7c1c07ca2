#include "harproxy/harproxy.hpp"

int main(int argc, char** argv) { return tools::harproxy::main(argc, argv); }
