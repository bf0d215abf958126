#include "applets/registry.h"

int main(int argc, char** argv) { return applets::Run(argc, argv); }
