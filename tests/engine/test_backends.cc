// Finding devices: the plug-in is loaded from a folder of the test's own, with a driver that is none.
#include <gtest/gtest.h>

#include <dlfcn.h>

#include <cstdlib>
#include <string>

#include "host/engine/backends.h"
#include "tests/engine/fake_backend.h"

extern "C" const qs_backend *qs_backend_cpu(void) {
  return fake::backend();
}

namespace {

bool has(const std::string &text, const char *part) {
  return text.find(part) != std::string::npos;
}

class Backends : public ::testing::Test {
protected:
  void SetUp() override {
    qs_context_init(&context);
    fake::reset(1);
    unsetenv("QUICKSET_PLUGIN_DIR");
  }
  void TearDown() override {
    qs_devices_close(devices);
    EXPECT_EQ(fake::the().open, 0);
  }
  // Makes `libcuda.so.1` loadable: the loader knows a library that is already there by its soname.
  static void pretend_driver() {
    ASSERT_NE(dlopen(QS_FAKE_PLUGINS "/libcuda.so.1", RTLD_NOW | RTLD_GLOBAL), nullptr) << dlerror();
  }
  static bool driver_present() { return dlopen("libcuda.so.1", RTLD_NOW) != nullptr; }
  qs_status open(qs_backend_choice choice) { return qs_devices_open(&context, choice, 1, nullptr, &devices); }
  qs_device_report report(std::size_t i) {
    qs_device_report r;
    qs_devices_report(devices, i, &r);
    return r;
  }

  qs_context context;
  qs_devices *devices = nullptr;
};

// Runs first: later tests put a driver in place, which stays.
TEST_F(Backends, AWithoutADriver) {
  if (driver_present()) {
    GTEST_SKIP() << "this machine has an NVIDIA driver";
  }
  EXPECT_EQ(open(QS_BACKEND_CUDA), QS_ERROR_DEVICE);
  EXPECT_EQ(devices, nullptr);
  EXPECT_TRUE(has(context.message, "cuda: no NVIDIA driver")) << context.message;
  EXPECT_TRUE(has(context.message, "libcuda.so.1")) << context.message;
  ASSERT_EQ(open(QS_BACKEND_AUTO), QS_OK);
  EXPECT_EQ(qs_devices_count(devices), 1u);
  EXPECT_TRUE(has(qs_devices_notes(devices), "cuda: no NVIDIA driver"));
}

TEST_F(Backends, CpuAsksForNoDriver) {
  ASSERT_EQ(open(QS_BACKEND_CPU), QS_OK);
  EXPECT_EQ(qs_devices_count(devices), 1u);
  EXPECT_STREQ(qs_devices_notes(devices), "");
  EXPECT_STREQ(report(0).backend, "fake");
  EXPECT_STREQ(report(0).info.name, "fake 0");
}

TEST_F(Backends, UnknownChoice) {
  EXPECT_EQ(open(static_cast<qs_backend_choice>(3)), QS_ERROR_USAGE);
  EXPECT_EQ(devices, nullptr);
}

TEST_F(Backends, DevicesThatDoNotOpenAreNotedAndLeftOut) {
  fake::reset(3);
  fake::the().device[1].refuse_open = true;
  ASSERT_EQ(open(QS_BACKEND_CPU), QS_OK);
  EXPECT_EQ(qs_devices_count(devices), 2u);
  EXPECT_STREQ(report(1).info.name, "fake 2");
  EXPECT_STREQ(qs_devices_notes(devices), "fake: fake 1 is in use");
  qs_devices_close(devices);
  devices = nullptr;
  fake::reset(0);
  EXPECT_EQ(open(QS_BACKEND_CPU), QS_ERROR_DEVICE);
  EXPECT_TRUE(has(context.message, "none was plugged in")) << context.message;
}

TEST_F(Backends, LoadsThePlugin) {
  pretend_driver();
  setenv("QUICKSET_PLUGIN_DIR", QS_FAKE_PLUGINS "/good", 1);
  ASSERT_EQ(open(QS_BACKEND_CUDA), QS_OK) << context.message;
  ASSERT_EQ(qs_devices_count(devices), 2u);
  EXPECT_STREQ(report(0).backend, "cuda");
  EXPECT_STREQ(report(0).info.name, "plug-in 0");
  qs_devices_close(devices);
  devices = nullptr;
  ASSERT_EQ(open(QS_BACKEND_AUTO), QS_OK);
  EXPECT_EQ(qs_devices_count(devices), 3u) << "every GPU and the CPU";
  EXPECT_STREQ(qs_devices_notes(devices), "");
}

TEST_F(Backends, SaysWhyAPluginIsOfNoUse) {
  pretend_driver();
  setenv("QUICKSET_PLUGIN_DIR", QS_FAKE_PLUGINS "/old", 1);
  EXPECT_EQ(open(QS_BACKEND_CUDA), QS_ERROR_DEVICE);
  EXPECT_TRUE(
      has(context.message, ("has interface 99, this engine needs " + std::to_string(QS_BACKEND_ABI)).c_str()))
      << context.message;
  setenv("QUICKSET_PLUGIN_DIR", QS_FAKE_PLUGINS "/empty", 1);
  EXPECT_EQ(open(QS_BACKEND_CUDA), QS_ERROR_DEVICE);
  EXPECT_TRUE(has(context.message, "exports no qs_backend_plugin")) << context.message;
  setenv("QUICKSET_PLUGIN_DIR", QS_FAKE_PLUGINS "/idle", 1);
  EXPECT_EQ(open(QS_BACKEND_CUDA), QS_ERROR_DEVICE);
  EXPECT_TRUE(has(context.message, "cuda: the driver is too old")) << context.message;
  ASSERT_EQ(open(QS_BACKEND_AUTO), QS_OK) << "the CPU is still there";
  EXPECT_TRUE(has(qs_devices_notes(devices), "cuda: the driver is too old"));
}

} // namespace
