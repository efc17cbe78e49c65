package jobfile

// Flags is the bit set of the fixed section ([MS-TSCH] 2.4.1).
type Flags uint32

// The documented flags. Bit 0x8 is a gap.
const (
	FlagInteractive            Flags = 0x1                                               // INTERACTIVE: may use the desktop, AT jobs only
	FlagDeleteWhenDone         Flags = 0x2                                               // DELETE_WHEN_DONE
	FlagDisabled               Flags = 0x4                                               // DISABLED
	FlagStartOnlyIfIdle        Flags = 0x10                                              // START_ONLY_IF_IDLE
	FlagKillOnIdleEnd          Flags = 0x20                                              // KILL_ON_IDLE_END
	FlagDontStartIfOnBatteries Flags = 0x40                                              // DONT_START_IF_ON_BATTERIES
	FlagKillIfGoingOnBatteries Flags = 0x80                                              // KILL_IF_GOING_ON_BATTERIES
	FlagRunOnlyIfDocked        Flags = 0x100                                             // RUN_ONLY_IF_DOCKED, unused
	FlagHidden                 Flags = 0x200                                             // HIDDEN
	FlagRunIfConnected         Flags = 0x400                                             // RUN_IF_CONNECTED_TO_INTERNET, unused
	FlagRestartOnIdleResume    Flags = 0x800                                             // RESTART_ON_IDLE_RESUME
	FlagSystemRequired         Flags = 0x1000                                            // SYSTEM_REQUIRED: wakes the machine
	FlagRunOnlyIfLoggedOn      Flags = 0x2000                                            // RUN_ONLY_IF_LOGGED_ON
	FlagApplicationName        Flags = 0x1000000                                         // APPLICATION_NAME: the application name is set
	flagsSeenUnnamed           Flags = 0x00200000 | 0x00400000 | 0x00800000 | 0x20000000 // in real files, meaning unknown
	flagRunRequest             Flags = 0x04000000                                        // set by a client to ask for a run, cleared by the service
	flagTerminateRequest       Flags = 0x08000000                                        // set by a client to ask for the end of a run
	flagsDocumented            Flags = 0x1003FF7
	flagsExpected                    = flagsDocumented | flagsSeenUnnamed | flagRunRequest | flagTerminateRequest
)

// Names lists the flags that are set by their names in [MS-TSCH] without
// prefix, from the lowest bit on. Bits without a name are left out; see Unnamed.
func (f Flags) Names() []string {
	names := []struct {
		bit  Flags
		name string
	}{
		{FlagInteractive, "INTERACTIVE"},
		{FlagDeleteWhenDone, "DELETE_WHEN_DONE"},
		{FlagDisabled, "DISABLED"},
		{FlagStartOnlyIfIdle, "START_ONLY_IF_IDLE"},
		{FlagKillOnIdleEnd, "KILL_ON_IDLE_END"},
		{FlagDontStartIfOnBatteries, "DONT_START_IF_ON_BATTERIES"},
		{FlagKillIfGoingOnBatteries, "KILL_IF_GOING_ON_BATTERIES"},
		{FlagRunOnlyIfDocked, "RUN_ONLY_IF_DOCKED"},
		{FlagHidden, "HIDDEN"},
		{FlagRunIfConnected, "RUN_IF_CONNECTED_TO_INTERNET"},
		{FlagRestartOnIdleResume, "RESTART_ON_IDLE_RESUME"},
		{FlagSystemRequired, "SYSTEM_REQUIRED"},
		{FlagRunOnlyIfLoggedOn, "RUN_ONLY_IF_LOGGED_ON"},
		{FlagApplicationName, "APPLICATION_NAME"},
	}
	out := []string{}
	for _, n := range names {
		if f&n.bit != 0 {
			out = append(out, n.name)
		}
	}
	return out
}

// Unnamed gives the bits that [MS-TSCH] does not name.
func (f Flags) Unnamed() Flags { return f &^ flagsDocumented }

// RunRequested reports the bit by which a client asks the service to run the
// task now. The service clears it: a file that carries it was caught between.
func (f Flags) RunRequested() bool { return f&flagRunRequest != 0 }

// TerminateRequested reports the bit by which a client asks to end a run.
func (f Flags) TerminateRequested() bool { return f&flagTerminateRequest != 0 }
