#include "hardiff/hardiff.hpp"

int main(int argc, char** argv) { return tools::hardiff::main(argc, argv); }
