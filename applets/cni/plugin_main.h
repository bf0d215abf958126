#ifndef CNIVPC_APPLETS_CNI_PLUGIN_MAIN_H_
#define CNIVPC_APPLETS_CNI_PLUGIN_MAIN_H_

namespace applets::cni {

// One CNI call: CNI_* environment and stdin in, result or error on stdout
// (plugin.h). Exit status 0 or 1. The arguments don't matter. Starts nothing
// and opens nothing that the call doesn't need; one thread.
int PluginMain(int argc, char** argv);

}  // namespace applets::cni

#endif  // CNIVPC_APPLETS_CNI_PLUGIN_MAIN_H_
