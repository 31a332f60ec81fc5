// The parts of the table that kernels/backend.h asks for, each in its own file.
#ifndef QS_CUDA_BACKEND_H
#define QS_CUDA_BACKEND_H

#include "kernels/backend.h"

qs_status qs_cuda_value(qs_device *device, const qs_value_unit *unit, const volatile int *cancel,
                        char *message, qs_moment *moments);
qs_status qs_cuda_horizon(qs_device *device, const qs_horizon_unit *unit, const volatile int *cancel,
                          char *message, double *x, double *v);
qs_status qs_cuda_path(qs_device *device, const qs_path_unit *unit, const volatile int *cancel, char *message,
                       qs_moment *moments);
qs_status qs_cuda_joint(qs_device *device, const qs_joint_unit *unit, const volatile int *cancel,
                        char *message, qs_moment *moments);

qs_status qs_cuda_rebalance(qs_device *device, const qs_rebalance_unit *unit, const volatile int *cancel,
                            char *message, double *rows);
qs_status qs_cuda_regression(qs_device *device, const qs_regression_unit *unit, const volatile int *cancel,
                             char *message, double *result);

// What a plug-in exports.
extern "C" QS_API const qs_backend *qs_backend_plugin(void);

#endif
