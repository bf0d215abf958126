// libcni-driver: the reference libcni (1.1.2) as a command, as a container runtime uses it.
// usage: libcni-driver add|check|del|validate CONFLIST NETNS     the result of add goes to stdout
//
//	libcni-driver version PLUGIN                            supported versions, one a line
//
// env: CNI_PATH CNI_IFNAME (eth0) CNI_CONTAINERID CNI_ARGS (K=V;K=V) CNI_CACHE (folder of libcni's result cache)
//
//	CNI_CAPABILITIES: a JSON object of capability arguments, {"portMappings":[…]}
//
// Builds from Debian's golang-go and golang-github-appc-cni-dev alone; libcni_e2e.sh does.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/containernetworking/cni/libcni"
)

func main() {
	if len(os.Args) < 3 || (os.Args[1] != "version" && len(os.Args) < 4) {
		usage()
	}
	c := libcni.NewCNIConfigWithCacheDir(filepath.SplitList(os.Getenv("CNI_PATH")), or("CNI_CACHE", "/tmp/libcni-cache"), nil)
	ctx := context.Background()
	if os.Args[1] == "version" {
		v, err := c.GetVersionInfo(ctx, os.Args[2])
		die(err)
		fmt.Println(strings.Join(v.SupportedVersions(), "\n"))
		return
	}
	conf, err := libcni.ConfListFromFile(os.Args[2])
	die(err)
	args := [][2]string{}
	for _, kv := range strings.Split(os.Getenv("CNI_ARGS"), ";") {
		if k, v, ok := strings.Cut(kv, "="); ok {
			args = append(args, [2]string{k, v})
		}
	}
	capabilities := map[string]interface{}{}
	if text := os.Getenv("CNI_CAPABILITIES"); text != "" {
		die(json.Unmarshal([]byte(text), &capabilities))
	}
	rt := &libcni.RuntimeConf{CapabilityArgs: capabilities, ContainerID: or("CNI_CONTAINERID", "libcni-1"), NetNS: os.Args[3], IfName: or("CNI_IFNAME", "eth0"), Args: args}
	switch os.Args[1] {
	case "add":
		r, err := c.AddNetworkList(ctx, conf, rt)
		die(err)
		die(r.Print())
	case "check":
		die(c.CheckNetworkList(ctx, conf, rt))
	case "del":
		die(c.DelNetworkList(ctx, conf, rt))
	case "validate":
		_, err := c.ValidateNetworkList(ctx, conf)
		die(err)
	default:
		usage()
	}
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: libcni-driver add|check|del|validate CONFLIST NETNS | version PLUGIN")
	os.Exit(2)
}

func or(k, d string) string {
	if v := os.Getenv(k); v != "" {
		return v
	}
	return d
}

func die(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
