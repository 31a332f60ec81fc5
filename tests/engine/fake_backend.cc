#include "tests/engine/fake_backend.h"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>

struct qs_device {
  std::uint32_t index;
  std::atomic<bool> busy{false};
};

namespace fake {

state &the() {
  static state s;
  return s;
}

void reset(std::uint32_t devices) {
  state &s = the();
  s.devices = devices;
  for (std::uint32_t i = 0; i < 3; i++) {
    s.device[i] = behaviour();
    s.calls[i] = 0;
    s.thread[i] = std::thread::id();
  }
  s.overlapped = false;
}

namespace {

std::uint32_t device_count(char *message) {
  std::snprintf(message, QS_DEVICE_TEXT, "%s", the().devices ? "" : "none was plugged in");
  return the().devices;
}

qs_status open(std::uint32_t index, const qs_device_options *, char *message, qs_device **device) {
  if (the().device[index].refuse_open) {
    std::snprintf(message, QS_DEVICE_TEXT, "fake %u is in use", static_cast<unsigned>(index));
    return QS_ERROR_DEVICE;
  }
  the().open++;
  *device = new qs_device{index};
  return QS_OK;
}

void close(qs_device *device) {
  the().open--;
  delete device;
}

void describe(const qs_device *device, qs_device_info *info) {
  std::memset(info, 0, sizeof *info);
  std::snprintf(info->name, sizeof info->name, "fake %u", static_cast<unsigned>(device->index));
  std::snprintf(info->target, sizeof info->target, "none");
  info->threads = 1;
}

bool cancelled(const volatile int *cancel) {
  return cancel && __atomic_load_n(cancel, __ATOMIC_RELAXED);
}

// What every call does before its work: obey the behaviour.
qs_status enter(qs_device *device, const volatile int *cancel, char *message) {
  state &s = the();
  const behaviour &b = s.device[device->index];
  if (device->busy.exchange(true)) {
    s.overlapped = true;
  }
  s.thread[device->index] = std::this_thread::get_id();
  std::uint32_t call = s.calls[device->index]++;
  if (b.delay_microseconds) {
    std::this_thread::sleep_for(std::chrono::microseconds(b.delay_microseconds));
  }
  while (b.wait_for_cancel && !cancelled(cancel)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  if (cancelled(cancel)) {
    return QS_ERROR_CANCELLED;
  }
  if (call >= b.fail_at) {
    std::snprintf(message, QS_DEVICE_TEXT, "fake %u fell off the bus", static_cast<unsigned>(device->index));
    return b.failure;
  }
  return QS_OK;
}

// splitmix64's finaliser (Steele, Lea, Flood 2014), as a number in [0, 1).
double mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

std::uint64_t bits(double x) {
  std::uint64_t u;
  std::memcpy(&u, &x, sizeof u);
  return u;
}

qs_status value(qs_device *device, const qs_value_unit *unit, const volatile int *cancel, char *message,
                qs_moment *moments) {
  qs_status status = enter(device, cancel, message);
  std::uint32_t quantities = qs_value_unit_quantities(unit);
  for (std::uint32_t batch = unit->batch_begin; status == QS_OK && batch < unit->batch_end; batch++) {
    for (std::uint32_t shift = 0; shift < unit->shift_count; shift++) {
      for (std::uint32_t p = 0; p < unit->payoff_count; p++) {
        for (std::uint32_t q = 0; q < quantities; q++, moments++) {
          std::uint64_t name =
              unit->path.key + 3 * bits(unit->payoffs[p].log_strike) + 5 * unit->payoffs[p].date;
          name = name * 7 + bits(unit->shifts[shift]) * 11 + batch * 0x9e3779b97f4a7c15u + q;
          moments->mean = mix(name);
          moments->m2 = mix(name + 1);
        }
      }
    }
  }
  device->busy = false;
  return status;
}

qs_status path(qs_device *device, const qs_path_unit *unit, const volatile int *cancel, char *message,
               qs_moment *moments) {
  qs_status status = enter(device, cancel, message);
  std::uint32_t quantities = qs_path_unit_quantities(unit);
  for (std::uint32_t batch = unit->batch_begin; status == QS_OK && batch < unit->batch_end; batch++) {
    for (std::uint32_t shift = 0; shift < unit->shift_count; shift++) {
      for (std::uint32_t p = 0; p < unit->payoff_count; p++) {
        for (std::uint32_t q = 0; q < quantities; q++, moments++) {
          std::uint64_t name =
              unit->path.key + 3 * bits(unit->payoffs[p].level[0]) + 5 * unit->payoffs[p].dates[0];
          name = name * 7 + bits(unit->shifts[shift]) * 11 + batch * 0x9e3779b97f4a7c15u + q;
          moments->mean = mix(name);
          moments->m2 = mix(name + 1);
        }
      }
    }
  }
  device->busy = false;
  return status;
}

qs_status horizon(qs_device *device, const qs_horizon_unit *unit, const volatile int *cancel, char *message,
                  double *x, double *v) {
  qs_status status = enter(device, cancel, message);
  for (std::uint32_t date = 0; status == QS_OK && date < unit->path.date_count; date++) {
    for (std::uint64_t path = unit->path_begin; path < unit->path_end; path++) {
      *x++ = mix(unit->path.key + date * 0x9e3779b97f4a7c15u + path);
      *v++ = mix(unit->path.key + date * 0x9e3779b97f4a7c15u + path + (std::uint64_t{1} << 40));
    }
  }
  device->busy = false;
  return status;
}

} // namespace

const qs_backend *backend() {
  static const qs_backend table = {QS_BACKEND_ABI, "fake",  device_count, open, close,   describe,
                                   value,          horizon, path,         true, nullptr, false};
  return &table;
}

const qs_backend *backend_without_paths() {
  static const qs_backend table = {QS_BACKEND_ABI, "pathless", device_count, open,  close,   describe,
                                   value,          horizon,    nullptr,      false, nullptr, false};
  return &table;
}

} // namespace fake
