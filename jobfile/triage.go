package jobfile

import (
	"slices"
	"strings"

	"github.com/jobscan/jobscan/internal/wtf8"
)

// atComment is what NetScheduleJobAdd, the call behind at.exe, puts in the comment.
const atComment = "Created by NetScheduleJobAdd."

// AT reports a job made by at.exe or NetScheduleJobAdd.
func (j *Job) AT() bool { return j.Comment.Value == atComment }

// triage looks for what jobs of attackers have in common. None of it is proof.
func (f *findings) triage() {
	j := f.j
	f.origin()
	if j.Flags&FlagHidden != 0 {
		f.add("hidden", offFlags, "The task is hidden from the user's list of tasks.")
	}
	if j.Flags&FlagInteractive != 0 {
		f.add("interactive", offFlags, "The task may use the desktop of the user.")
	}
	if j.Flags&FlagRunOnlyIfLoggedOn != 0 {
		f.add("run_only_if_logged_on", offFlags, "The task runs only while its user is logged on, so its maker needed no password.")
	}
	f.programs()
	f.places("application name", j.Application)
	f.places("parameters", j.Parameters)
	f.names()
}

// origin looks at who is said to have made the task.
func (f *findings) origin() {
	j := f.j
	author := strings.ToUpper(j.Author.Value)
	switch {
	case j.AT():
		f.add("at_job", j.Comment.Offset, "The task was made by at.exe or NetScheduleJobAdd, also over the network, and runs as SYSTEM.")
		if j.Product >= 0x0602 {
			f.add("at_job_after_windows_7", j.Comment.Offset, "AT jobs are off on Windows 8 and later unless EnableAt was set: someone set it.")
		}
	case author == "SYSTEM" || strings.HasSuffix(author, `\SYSTEM`) || strings.HasSuffix(author, "$"):
		f.add("author_system_outside_at", j.Author.Offset, "The author is %q, yet this is no AT job: it was made by a program that ran as SYSTEM.", j.Author.Value)
	}
	if j.Author.Present && !j.Author.Truncated && j.Author.Value == "" {
		f.add("author_empty", j.Author.Offset, "The author is present and empty; the tools of Windows name one.")
	}
}

// programs looks for shells, script hosts and Windows programs that run others' code.
func (f *findings) programs() {
	j := f.j
	words := commandWords(j.Application.Value + " " + j.Parameters.Value)
	shell, proxy := "", ""
	for i, w := range words {
		name := programName(w)
		if shell == "" && isShell(name, words[i+1:]) {
			shell = name
		}
		if proxy == "" && isProxy(name, words[i+1:]) {
			proxy = name
		}
		if (name == "powershell" || name == "pwsh") && slices.ContainsFunc(words[i+1:], isEncodedSwitch) {
			f.add("encoded_command", j.Parameters.Offset, "PowerShell is given an encoded command, which hides what it does.")
			break
		}
	}
	if shell != "" {
		f.add("script_interpreter", j.Application.Offset, "The task starts %s, which runs whatever its parameters say.", shell)
		if j.Flags&FlagDeleteWhenDone != 0 {
			f.add("delete_when_done_interpreter", offFlags, "The task starts %s and its file is deleted after the last run.", shell)
		}
	}
	if proxy != "" {
		f.add("system_binary_proxy", j.Application.Offset, "The task starts %s, a Windows program that runs or fetches the code of others.", proxy)
	}
}

// isShell reports an interpreter; rest are the words after it.
func isShell(name string, rest []string) bool {
	switch name {
	case "cmd", "%comspec%":
		return slices.ContainsFunc(rest, func(w string) bool {
			return len(w) >= 2 && (w[0] == '/' || w[0] == '-') && strings.ContainsRune("ckr", rune(w[1]))
		})
	case "powershell", "pwsh", "powershell_ise", "wscript", "cscript", "mshta", "bash", "wsl", "python", "pythonw", "perl":
		return true
	}
	for _, ext := range []string{".bat", ".cmd", ".vbs", ".vbe", ".js", ".jse", ".wsf", ".wsh", ".hta", ".ps1"} {
		if strings.HasSuffix(name, ext) {
			return true
		}
	}
	return false
}

func isProxy(name string, rest []string) bool {
	switch name {
	case "msiexec":
		return slices.ContainsFunc(rest, func(w string) bool { return strings.Contains(w, "http:") || strings.Contains(w, "https:") })
	case "rundll32", "regsvr32", "certutil", "bitsadmin", "wmic", "installutil", "msbuild",
		"regasm", "regsvcs", "odbcconf", "cmstp", "forfiles", "pcalua":
		return true
	}
	return false
}

// isEncodedSwitch accepts every abbreviation that PowerShell does.
func isEncodedSwitch(w string) bool {
	if len(w) < 2 || (w[0] != '-' && w[0] != '/') {
		return false
	}
	return w[1:] == "ec" || strings.HasPrefix("encodedcommand", w[1:])
}

// commandWords splits a command line at spaces and the characters by which
// shells join commands, in lower case, slashes kept. Quoted text stays whole
// only as far as it has no space: names, not arguments, matter here.
func commandWords(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return strings.ContainsRune(" \t\r\n\"'`&|;(),<>^", r) })
}

// programName is the last element of a path without .exe or .com.
func programName(w string) string {
	w = w[strings.LastIndexAny(w, `\/`)+1:]
	return strings.TrimSuffix(strings.TrimSuffix(w, ".exe"), ".com")
}

// hidden looks for what a string shows differently, or not at all, on a screen.
func (f *findings) hidden(name string, s String) {
	if s.AfterNUL != "" {
		f.add("data_after_nul", s.Offset, "Behind the NUL of the %s stands %q, which no tool of Windows shows.", name, clip(s.AfterNUL))
	}
	var surrogate, bidi, control bool
	for v := s.Value; v != ""; {
		r, size := wtf8.DecodeRune(v)
		v = v[size:]
		surrogate = surrogate || wtf8.IsSurrogate(r)
		bidi = bidi || isBidi(r)
		control = control || (r < 0x20 && r != '\t' && r != '\r' && r != '\n') || (r >= 0x7F && r < 0xA0)
	}
	if surrogate {
		f.add("lone_surrogate", s.Offset, "The text of the %s is no valid UTF-16, which tools of Windows never write.", name)
	}
	if bidi {
		f.add("bidi_control", s.Offset, "There is a character in the %s that turns the direction of text, by which a name can look like another.", name)
	}
	if control {
		f.add("control_character", s.Offset, "There is a control character in the %s, which can change what a terminal shows.", name)
	}
}

// isBidi reports the characters that direct bidirectional text (Unicode UAX #9).
func isBidi(r rune) bool {
	return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r == 0x200E || r == 0x200F || r == 0x061C
}

// clip shortens text for a sentence.
func clip(s string) string {
	const most = 120
	n := 0
	for i := range s {
		if n++; n > most {
			return s[:i] + "…"
		}
	}
	return s
}
