/*
 * xen_version: what each sub-operation answers to a domU (guest ABI, C3).
 */
#include "guest.h"

static char text[1024];

static bool ends_within(size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!text[i])
			return true;
	return false;
}

static void test_texts(void)
{
	EXPECT(hv_xen_version(XENVER_extraversion, text), 0);
	CHECK(ends_within(XEN_EXTRAVERSION_LEN));
	memset(text, 0x55, sizeof(text));
	EXPECT(hv_xen_version(XENVER_capabilities, text), 0);
	CHECK(ends_within(XEN_CAPABILITIES_INFO_LEN));
	CHECK(strstr(text, "hvm-3.0-x86_32") != NULL);
	CHECK(strstr(text, "x86_64") != NULL);
	memset(text, 0x55, sizeof(text));
	EXPECT(hv_xen_version(XENVER_changeset, text), 0);
	CHECK(ends_within(XEN_CHANGESET_INFO_LEN));
	EXPECT(hv_xen_version(XENVER_commandline, text), 0);
	CHECK(!strcmp(text, "<denied>"));
	EXPECT(hv_xen_version(XENVER_compile_info, text), 0);
}

static void test_features(void)
{
	struct xen_feature_info f = {.submap_idx = 0};

	EXPECT(hv_xen_version(XENVER_get_features, &f), 0);
	EXPECT(f.submap & 0x12305, 0x12305);
	EXPECT(f.submap & 1u << 10, 0); /* no PIRQs: they divert kernels' interrupts */
	EXPECT(f.submap & 1u << 11, 0); /* not dom0 */
	f.submap_idx = 1;
	EXPECT(hv_xen_version(XENVER_get_features, &f), -XEN_EINVAL);
	f.submap_idx = 0xffffffff;
	EXPECT(hv_xen_version(XENVER_get_features, &f), -XEN_EINVAL);
}

static void test_others(void)
{
	unsigned char handle[16], any = 0;
	unsigned int i;

	EXPECT(hv_xen_version(XENVER_version, NULL) >> 16, 4);
	EXPECT(hv_xen_version(XENVER_pagesize, NULL), 4096);
	EXPECT(hv_xen_version(XENVER_platform_parameters, text), 0);
	EXPECT(hv_xen_version(XENVER_guest_handle, handle), 0);
	for (i = 0; i < 16; i++)
		any |= handle[i];
	CHECK(any);
	EXPECT(hv_xen_version(XENVER_build_id, NULL), -XEN_EPERM);
	EXPECT(hv_xen_version(11, text), -XEN_ENOSYS);
	EXPECT(hv_xen_version(0xffffffff, text), -XEN_ENOSYS);
}

void test_main(void)
{
	RUN(test_texts);
	RUN(test_features);
	RUN(test_others);
}
