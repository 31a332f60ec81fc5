#define _GNU_SOURCE /* dladdr, readlink, secure_getenv */
#include "host/engine/plugin.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef QS_PLUGIN_SUBDIR
#define QS_PLUGIN_SUBDIR "lib"
#endif

static const char driver_name[] = "libcuda.so.1";
static const char plugin_name[] = "libquickset_cuda.so";
static const char entry_name[] = "qs_backend_plugin";

/* The loader's last error, never null. Valid until the next dl call of this thread. */
static const char *loader_error(void) {
  const char *text = dlerror();
  return text ? text : "unknown error of the loader";
}

const char *qs_plugin_driver_missing(qs_arena *arena) {
  void *driver = dlopen(driver_name, RTLD_LAZY | RTLD_LOCAL);
  if (driver) {
    dlclose(driver);
    return NULL;
  }
  const char *reason = qs_arena_printf(arena, "no NVIDIA driver (%s)", loader_error());
  return reason ? reason : "";
}

/* The folder of the library or program that this code is part of, with its final slash; null when unknown.
 * For a program the loader only knows how it was called, which says nothing when it was found through PATH.
 */
static char *own_folder(qs_arena *arena) {
  Dl_info info;
  char program[4096];
  const char *file = dladdr((const void *)plugin_name, &info) ? info.dli_fname : NULL;
  if (!file || !strchr(file, '/')) {
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    program[length > 0 ? length : 0] = '\0';
    file = program;
  }
  const char *slash = strrchr(file, '/');
  return slash ? qs_arena_strndup(arena, file, (size_t)(slash - file) + 1) : NULL;
}

/*
 * Tries folder + between + the plug-in's name and appends a failure to *tried. A null folder stands for the
 * loader's own path. RTLD_NODELETE: the CUDA runtime inside does not survive being unloaded and loaded again.
 */
static void *try_folder(qs_arena *arena, const char *folder, const char *between, const char **tried) {
  char *path = qs_arena_printf(arena, "%s%s%s", folder ? folder : "", between, plugin_name);
  if (!path) {
    return NULL;
  }
  void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!handle) {
    const char *more = qs_arena_printf(arena, "%s%s%s", *tried, **tried ? "; " : "", loader_error());
    *tried = more ? more : *tried;
  }
  return handle;
}

static void *find_plugin(qs_arena *arena, const char **tried) {
  void *handle = NULL;
  const char *chosen = secure_getenv("QUICKSET_PLUGIN_DIR");
  if (chosen && *chosen) {
    handle = try_folder(arena, chosen, "/", tried);
  }
  char *own = handle ? NULL : own_folder(arena);
  if (own) {
    handle = try_folder(arena, own, "", tried);
    handle = handle ? handle : try_folder(arena, own, "../lib/", tried);
    if (!handle && strcmp(QS_PLUGIN_SUBDIR, "lib") != 0) {
      handle = try_folder(arena, own, "../" QS_PLUGIN_SUBDIR "/", tried);
    }
  }
  return handle ? handle : try_folder(arena, NULL, "", tried);
}

const qs_backend *qs_plugin_load_cuda(qs_arena *arena, void **handle, const char **reason) {
  *handle = NULL;
  *reason = qs_plugin_driver_missing(arena);
  if (*reason) {
    *reason = **reason ? *reason : NULL;
    return NULL;
  }
  const char *tried = "";
  void *plugin = find_plugin(arena, &tried);
  if (!plugin) {
    *reason = qs_arena_printf(arena, "the plug-in could not be loaded (%s)", tried);
    return NULL;
  }
  qs_backend_plugin_function entry = NULL;
  void *symbol = dlsym(plugin, entry_name);
  memcpy(&entry, &symbol, sizeof entry); /* ISO C has no cast from an object to a function pointer */
  const qs_backend *backend = entry ? entry() : NULL;
  if (!backend) {
    *reason = qs_arena_printf(arena, "%s exports no %s", plugin_name, entry_name);
  } else if (backend->abi != QS_BACKEND_ABI) {
    *reason = qs_arena_printf(arena, "%s has interface %u, this engine needs %u", plugin_name,
                              (unsigned)backend->abi, (unsigned)QS_BACKEND_ABI);
    backend = NULL;
  }
  if (!backend) {
    dlclose(plugin);
    return NULL;
  }
  *handle = plugin;
  return backend;
}

void qs_plugin_unload(void *handle) {
  if (handle) {
    dlclose(handle);
  }
}
