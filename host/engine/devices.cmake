# The devices and the scheduler over them; others link it as engine_devices. Also included by bench/gpu, which builds no
# other part of the host.
qs_component(
  NAME engine_devices
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/backends.c ${CMAKE_CURRENT_LIST_DIR}/plugin.c ${CMAKE_CURRENT_LIST_DIR}/work_queue.c
          ${CMAKE_CURRENT_LIST_DIR}/scheduler.c ${CMAKE_CURRENT_LIST_DIR}/scheduler_regression.c ${CMAKE_CURRENT_LIST_DIR}/work_store.c ${CMAKE_CURRENT_LIST_DIR}/work_share.c ${CMAKE_CURRENT_LIST_DIR}/work_memo.c ${CMAKE_CURRENT_LIST_DIR}/unit_key.c
          ${PROJECT_SOURCE_DIR}/kernels/unit_walk.c ${CMAKE_CURRENT_LIST_DIR}/unit_wire.c ${CMAKE_CURRENT_LIST_DIR}/worker_device.c ${CMAKE_CURRENT_LIST_DIR}/worker_serve.c
  LIBRARIES Threads::Threads)
target_compile_definitions(qs_engine_devices PRIVATE QS_PLUGIN_SUBDIR="${CMAKE_INSTALL_LIBDIR}")
