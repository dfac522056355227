/*
 * vm_assist: the runstate flag can be turned on and off, nothing else exists
 * for a PVH guest.
 */
#include "guest.h"

void test_main(void)
{
	unsigned int i;

	EXPECT(hv_vm_assist(VMASST_CMD_enable, VMASST_TYPE_runstate_update_flag), 0);
	EXPECT(hv_vm_assist(VMASST_CMD_disable, VMASST_TYPE_runstate_update_flag), 0);
	for (i = 0; i < 40; i++)
		if (i != VMASST_TYPE_runstate_update_flag)
			EXPECT(hv_vm_assist(VMASST_CMD_enable, i), -XEN_EINVAL);
	EXPECT(hv_vm_assist(VMASST_CMD_enable, 0xffffffff), -XEN_EINVAL);
	EXPECT_OR(hv_vm_assist(9, VMASST_TYPE_runstate_update_flag), -XEN_ENOSYS,
		  -XEN_EINVAL);
	EXPECT_OR(hv_vm_assist(0xffffffff, VMASST_TYPE_runstate_update_flag), -XEN_ENOSYS,
		  -XEN_EINVAL);
}
