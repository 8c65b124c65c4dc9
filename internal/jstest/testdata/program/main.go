//go:build js && wasm

// Program ends in the way that its first argument names.
package main

import (
	"fmt"
	"os"
	"syscall/js"
)

func main() {
	switch os.Args[1] {
	case "exit":
		os.Exit(3)
	case "return":
	case "print":
		fmt.Print("one\ntwo")
		fmt.Fprint(os.Stderr, "three ä\xff\n")
		fmt.Print(" and no newline")
	case "panic":
		panic("boom")
	case "println":
		println("from the runtime")
	case "deadlock":
		js.Global().Call("queueMicrotask", js.FuncOf(func(js.Value, []js.Value) any {
			<-make(chan int)
			return nil
		}))
		select {}
	case "throw":
		js.Global().Call("setTimeout", js.Global().Get("Function").New(`throw new RangeError("boom")`))
		select {}
	case "reject":
		js.Global().Get("Promise").Call("reject", "boom")
		select {}
	case "console":
		js.Global().Get("console").Call("error", "boom", 1)
	case "realm":
		fmt.Print(js.Global().Get("constructor").Get("name").String())
	case "environment":
		fmt.Print(os.Args[1:], os.Getenv("JSTEST_X"), os.Getenv("GODEBUG"), os.Getenv("HOME"))
	case "server":
		fmt.Print(os.Getenv("JSTEST_SERVER"))
	case "hang":
		fmt.Print("hanging")
		select {}
	case "spin":
		fmt.Print("spinning")
		for {
		}
	}
}
