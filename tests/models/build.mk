# The scheduler's own source in a simulated machine: many CPUs, simulated time. The
# sanitizers call the C library's sched_yield(), which must not be ours.
SIM := $(B)/tests/models
SIM_SRC := tests/models/sim_sched.c $(addprefix hypervisor/core/,sched.c sched_cap.c sched_share.c \
	runstate.c timer.c spinlock.c) hypervisor/lib/debug/on.c

$(SIM)/sim_sched: $(SIM_SRC) | $(B)/.deps
	@mkdir -p $(@D)
	@echo "  CC       $@"
	$(Q)gcc $(UT_CFLAGS) -O2 -fno-strict-aliasing -D__XEN_TOOLS__ -Ihypervisor/include \
		-Dsched_yield=hv_sched_yield \
		-MMD -o $@ $(SIM_SRC) -lcmocka

UNIT_TESTS += $(SIM)/sim_sched
-include $(wildcard $(SIM)/*.d)
