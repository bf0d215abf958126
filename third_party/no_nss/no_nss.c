/* A static glibc answers these by loading the host's NSS and iconv modules at
 * run time. Nothing here needs them (names go through c-ares), so the linker
 * gets definitions that fail instead. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stddef.h>

#define UNUSED __attribute__((unused))

int getaddrinfo(const char* node UNUSED, const char* service UNUSED,
                const struct addrinfo* hints UNUSED, struct addrinfo** result) {
  *result = NULL;
  return EAI_FAIL;
}
void freeaddrinfo(struct addrinfo* info UNUSED) {}

struct hostent* gethostbyname(const char* name UNUSED) {
  return NULL;
}
struct protoent* getprotobynumber(int number UNUSED) {
  return NULL;
}
struct servent* getservbyname(const char* name UNUSED,
                              const char* proto UNUSED) {
  return NULL;
}
int getservbyport_r(int port UNUSED, const char* proto UNUSED,
                    struct servent* entry UNUSED, char* buffer UNUSED,
                    size_t size UNUSED, struct servent** result) {
  *result = NULL;
  return 0;
}

void* dlopen(const char* file UNUSED, int mode UNUSED) { return NULL; }
void* dlsym(void* restrict handle UNUSED, const char* restrict name UNUSED) {
  return NULL;
}
int dlclose(void* handle UNUSED) { return -1; }
char* dlerror(void) { return "no dynamic loading in a static executable"; }
int dladdr(const void* address UNUSED, Dl_info* info UNUSED) { return 0; }
