/*
 * One 16550 UART as console. com1=BAUD[,8n1[,IOBASE[,IRQ]]] (or com2=) says
 * where; else it is COM1 until the firmware's SPCR table names another. What is
 * typed comes by interrupt. Output waits for room in the FIFO,
 * for a bounded time: a dead port must not stop the machine.
 */
#include <hv/boot.h>
#include <hv/lib.h>
#include <hv/log.h>

#include <x86/acpi.h>
#include <x86/apic.h>
#include <x86/asm.h>
#include <x86/console.h>
#include <x86/irq.h>
#include <x86/platform.h>

#define UART_DATA    0
#define UART_IER     1
#define UART_FCR     2
#define UART_LCR     3
#define UART_MCR     4
#define UART_LSR     5
#define UART_SCRATCH 7

#define IER_RX	      0x01
#define FCR_ENABLE    0x07	/* FIFOs on and emptied, trigger at 1 byte */
#define LCR_8N1	      0x03
#define LCR_DLAB      0x80
#define MCR_DTR_RTS_OUT2 0x0b
#define LSR_DATA      0x01
#define LSR_THR_EMPTY 0x20

#define UART_CLOCK 115200u
#define FIFO_SIZE  16u
#define TX_SPINS   200000u	/* about 0.2 s of port reads */
#define RX_MAX	   64u

uint16_t serial_port;
uint8_t serial_irq;

static bool chosen;	/* by com1= or com2= */
static unsigned int tx_room;
static char last;

static const struct {
	const char *name;
	uint16_t port;
	uint8_t irq;
} uarts[] = {{"com1", 0x3f8, 4}, {"com2", 0x2f8, 3}};

/* Next comma-separated field as a number; *@s moves behind it. */
static uint64_t field(const char **s)
{
	unsigned int base = 10;
	uint64_t n = 0;

	if ((*s)[0] == '0' && (*s)[1] == 'x') {
		base = 16;
		*s += 2;
	}
	for (; **s && **s != ','; ++*s) {
		unsigned int d = (unsigned int)(**s - '0');

		if (base == 16 && (**s | 0x20) >= 'a' && (**s | 0x20) <= 'f')
			d = (unsigned int)((**s | 0x20) - 'a' + 10);
		if (d < base)
			n = n * base + d;
	}
	if (**s)
		++*s;
	return n;
}

static void skip_field(const char **s)
{
	while (**s && *(*s)++ != ',')
		;
}

static bool uart_present(uint16_t port)
{
	outb(port + UART_SCRATCH, 0x5a);
	return inb(port + UART_SCRATCH) == 0x5a && inb(port + UART_LSR) != 0xff;
}

/* 0 leaves the speed as it is. */
static void uart_setup(uint16_t port, unsigned int baud)
{
	unsigned int divisor = baud ? UART_CLOCK / baud : 0;

	outb(port + UART_IER, 0);
	if (baud) {
		outb(port + UART_LCR, LCR_8N1 | LCR_DLAB);
		outb(port + UART_DATA, (uint8_t)divisor);
		outb(port + UART_IER, (uint8_t)(divisor >> 8));
	}
	outb(port + UART_LCR, LCR_8N1);
	outb(port + UART_FCR, FCR_ENABLE);
	outb(port + UART_MCR, MCR_DTR_RTS_OUT2);
}

static void configure(unsigned int which, const char *v)
{
	const char *s = v;
	uint64_t baud = field(&s), port, irq;

	if (!console_wanted(uarts[which].name))
		return;
	if (!baud || baud > UART_CLOCK || UART_CLOCK % baud) {
		log_warn("%s=%s: bad speed; 115200 is used", uarts[which].name, v);
		baud = UART_CLOCK;
	}
	skip_field(&s);		/* 8n1: the only format there is */
	port = field(&s);
	irq = field(&s);
	if (!port || port > 0xfff8)
		port = uarts[which].port;
	if (!uart_present((uint16_t)port)) {
		log_warn("%s: no serial port at %#lx; check %s= and the "
			 "firmware's set-up",
			 uarts[which].name, port, uarts[which].name);
		return;
	}
	uart_setup((uint16_t)port, (unsigned int)baud);
	serial_irq = irq && irq < 16 ? (uint8_t)irq : uarts[which].irq;
	serial_port = (uint16_t)port;
}

void serial_init(void)
{
	char v[64];

	for (unsigned int i = 0; i < ARRAY_SIZE(uarts) && !serial_port; i++)
		if (cmdline_get(uarts[i].name, v, sizeof(v))) {
			configure(i, v);
			chosen = true;
		}
	if (!chosen && uart_present(uarts[0].port))
		configure(0, "115200");
}

void serial_use_firmware(void)
{
	uint16_t port = acpi.serial_port;

	if (chosen || !port || !(console_wanted("com1") || console_wanted("com2")) ||
	    !uart_present(port))
		return;
	log_info("serial console: the firmware's, at %#x", port);
	uart_setup(port, acpi.serial_baud);
	serial_irq = acpi.serial_irq ? acpi.serial_irq :
		     port == uarts[1].port ? uarts[1].irq : uarts[0].irq;
	tx_room = 0;
	serial_port = port;
}

static void put_raw(char c)
{
	if (!tx_room) {
		unsigned int spins = TX_SPINS;

		while (!(inb(serial_port + UART_LSR) & LSR_THR_EMPTY))
			if (!--spins)
				return;
		tx_room = FIFO_SIZE;
	}
	tx_room--;
	outb(serial_port + UART_DATA, (uint8_t)c);
}

void serial_putc(char c)
{
	if (!serial_port)
		return;
	if (c == '\n' && last != '\r')
		put_raw('\r');
	put_raw(c);
	last = c;
}

static void rx_interrupt(unsigned int vector)
{
	for (unsigned int i = 0; i < RX_MAX; i++) {
		if (!(inb(serial_port + UART_LSR) & LSR_DATA))
			return;
		console_rx((char)inb(serial_port + UART_DATA));
	}
	/* More is there: a new edge, or the line would stay up unseen. */
	outb(serial_port + UART_IER, 0);
	outb(serial_port + UART_IER, IER_RX);
}

void serial_enable_rx(void)
{
	unsigned int ioapic, pin;
	uint64_t rte;

	if (!serial_port)
		return;
	rte = ioapic_isa_pin(serial_irq, &ioapic, &pin);
	if (!rte) {
		log_warn("serial port: IRQ %u is on no IO-APIC; "
			 "nothing typed will arrive",
			 serial_irq);
		return;
	}
	irq_set_handler(VEC_SERIAL, rx_interrupt);
	ioapic_write_rte(ioapic, pin, (rte & ~IOAPIC_RTE_MASKED) | VEC_SERIAL |
				 (uint64_t)lapic_id() << IOAPIC_RTE_DEST_SHIFT);
	outb(serial_port + UART_IER, IER_RX);
	inb(serial_port + UART_DATA);
}
