/* A plug-in that holds no kernels: FAKE_ABI and FAKE_DEVICES say what it claims. Without FAKE_ABI it exports
 * nothing. */
#include <stdio.h>
#include <string.h>

#include "kernels/backend.h"

struct qs_device {
  uint32_t index;
};

#ifdef FAKE_ABI
static struct qs_device all[2] = {{0}, {1}};

static uint32_t device_count(char *message) {
  snprintf(message, QS_DEVICE_TEXT, "%s", FAKE_DEVICES ? "" : "the driver is too old");
  return FAKE_DEVICES;
}

static qs_status open_device(uint32_t index, const qs_device_options *options, char *message,
                             qs_device **device) {
  (void)options;
  (void)message;
  *device = &all[index];
  return QS_OK;
}

static void close_device(qs_device *device) {
  (void)device;
}

static void describe(const qs_device *device, qs_device_info *info) {
  memset(info, 0, sizeof *info);
  snprintf(info->name, sizeof info->name, "plug-in %u", (unsigned)device->index);
}

QS_API const qs_backend *qs_backend_plugin(void);

const qs_backend *qs_backend_plugin(void) {
  static const qs_backend table = {.abi = FAKE_ABI,
                                   .name = "cuda",
                                   .device_count = device_count,
                                   .open = open_device,
                                   .close = close_device,
                                   .describe = describe};
  return &table;
}
#endif
