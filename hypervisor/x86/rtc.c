/* The CMOS clock, read once at boot (MC146818). It is taken to run on UTC. */
#include <hv/log.h>

#include <x86/asm.h>
#include <x86/rtc.h>

#define CMOS_INDEX  0x70
#define CMOS_DATA   0x71
#define RTC_SECONDS 0x00
#define RTC_MINUTES 0x02
#define RTC_HOURS   0x04
#define RTC_DAY	    0x07
#define RTC_MONTH   0x08
#define RTC_YEAR    0x09
#define RTC_A	    0x0a
#define RTC_B	    0x0b
#define A_UPDATING  0x80
#define B_BINARY    0x04
#define B_24H	    0x02
#define HOUR_PM	    0x80
#define UPDATE_SPINS 100000u
#define READ_TRIES   8

struct rtc_time {
	unsigned int year, month, day, hour, minute, second;
};

static uint8_t cmos(uint8_t reg)
{
	outb(CMOS_INDEX, reg);
	return inb(CMOS_DATA);
}

static void wait_update(void)
{
	for (unsigned int i = 0; i < UPDATE_SPINS; i++)
		if (!(cmos(RTC_A) & A_UPDATING))
			return;
}

static struct rtc_time read_raw(void)
{
	wait_update();
	return (struct rtc_time){
		.year = cmos(RTC_YEAR), .month = cmos(RTC_MONTH),
		.day = cmos(RTC_DAY), .hour = cmos(RTC_HOURS),
		.minute = cmos(RTC_MINUTES), .second = cmos(RTC_SECONDS),
	};
}

static unsigned int from_bcd(unsigned int v)
{
	return (v >> 4) * 10 + (v & 15);
}

static struct rtc_time decode(struct rtc_time t, uint8_t b)
{
	unsigned int pm = t.hour & HOUR_PM;

	if (!(b & B_24H))
		t.hour &= ~(unsigned int)HOUR_PM;
	if (!(b & B_BINARY)) {
		t = (struct rtc_time){
			from_bcd(t.year), from_bcd(t.month), from_bcd(t.day),
			from_bcd(t.hour), from_bcd(t.minute),
			from_bcd(t.second)};
	}
	if (!(b & B_24H))
		t.hour = t.hour % 12 + (pm ? 12 : 0);
	t.year += t.year < 70 ? 2000 : 1900;
	return t;
}

/* Days from 1970-01-01 to a date of the Gregorian calendar. */
static uint64_t days_since_1970(unsigned int y, unsigned int m, unsigned int d)
{
	/* Years that start in March: the leap day is their last. */
	if (m <= 2) {
		m += 12;
		y--;
	}
	return 365ull * y + y / 4 - y / 100 + y / 400 + (153 * (m - 3) + 2) / 5 +
	       d - 719469;
}

uint64_t rtc_read(void)
{
	struct rtc_time t = read_raw(), again;

	for (int i = 0; i < READ_TRIES; i++) {
		again = read_raw();
		if (again.second == t.second && again.minute == t.minute &&
		    again.hour == t.hour && again.day == t.day)
			break;
		t = again;
	}
	t = decode(t, cmos(RTC_B));
	if (t.month < 1 || t.month > 12 || t.day < 1 || t.day > 31 ||
	    t.hour > 23 || t.minute > 59 || t.second > 60) {
		log_warn("the machine's clock holds no date; time starts at 1970");
		return 0;
	}
	return ((days_since_1970(t.year, t.month, t.day) * 24 + t.hour) * 60 +
		t.minute) * 60 + t.second;
}
