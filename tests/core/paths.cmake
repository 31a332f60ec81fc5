# Paths, payoffs and the CPU backend. The kernels once more with other numbers of lanes, for the processor at hand.
foreach(lanes 64 256)
  list(APPEND lane_sources lanes_${lanes}.c)
endforeach()
set_source_files_properties(${lane_sources} PROPERTIES COMPILE_OPTIONS "-march=x86-64-v3;-fno-thread-jumps")

qs_test(NAME core_law SOURCES law_test.cc steps_test.cc normal_pair_test.cc LABEL unit OPTIMISED)
qs_test(NAME core_payoffs SOURCES payoffs_test.cc far_strikes_test.cc LABEL unit OPTIMISED)
qs_test(NAME core_paths SOURCES paths_test.cc same_bits_test.cc path_bits_test.cc ${lane_sources} COMPONENTS base cpu
        LABEL unit OPTIMISED)
qs_test(NAME core_rebalance SOURCES rebalance_test.cc rebalance_hand_test.cc rebalance_bits_test.cc COMPONENTS base cpu LABEL unit OPTIMISED)
qs_test(NAME core_tangents SOURCES tangents_test.cc COMPONENTS base cpu LABEL unit OPTIMISED)
qs_test(NAME core_prices SOURCES prices_test.cc horizon_test.cc COMPONENTS base cpu LABEL stat OPTIMISED)
qs_test(NAME core_path_greeks SOURCES path_greeks_test.cc COMPONENTS base cpu LABEL stat OPTIMISED)
qs_test(NAME core_path_prices SOURCES path_prices_test.cc path_pools_test.cc path_autocalls_test.cc COMPONENTS base pricing market cpu LABEL stat EACH COST 4 OPTIMISED)
qs_test(NAME core_local SOURCES local_test.cc COMPONENTS base pricing cpu LABEL stat OPTIMISED)
# These two compile the core as C++, one lane at a time.
foreach(test core_law core_payoffs)
  target_compile_options(test_${test} PRIVATE -fopenmp-simd)
endforeach()
qs_test(NAME core_joint SOURCES joint_test.cc joint_correlation_test.cc joint_sampling_test.cc ${PROJECT_SOURCE_DIR}/host/market/fixings.c
        ${PROJECT_SOURCE_DIR}/host/market/time.c COMPONENTS base script cpu LABEL stat EACH COST 4 OPTIMISED)
