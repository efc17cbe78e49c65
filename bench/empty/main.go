// Command empty does nothing. What it takes is what the start of any Go program
// takes, for the benchmark to hold jobscan's start against. It knows nothing.
package main

func main() {}
