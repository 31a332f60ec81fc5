/* quickset: the whole public interface. */
#ifndef QUICKSET_H
#define QUICKSET_H

#include "quickset/backtest.h"
#include "quickset/engine.h"
#include "quickset/inputs.h"
#include "quickset/journal.h"
#include "quickset/model.h"
#include "quickset/plan.h"
#include "quickset/policy.h"
#include "quickset/results.h"
#include "quickset/simulate.h"
#include "quickset/status.h"
#include "quickset/team.h"
#include "quickset/worker.h"

#endif
