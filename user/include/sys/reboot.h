/* The end of the machine's run. */
#pragma once

enum { RB_AUTOBOOT = 0x01234567, RB_POWER_OFF = 0x4321fedc };
#define RB_HALT_SYSTEM 0xcdef0123u
int reboot(int command);
