// Stands before the app's script where the engine does not say what pages log:
// the page tells the server.
{
  const report = (line) => navigator.sendBeacon("/console", line);
  const { error } = console;
  console.error = (...args) => {
    report(args.join(" "));
    error.apply(console, args);
  };
  addEventListener("error", ({ message }) => report(message));
  addEventListener("unhandledrejection", ({ reason }) => report(`unhandled: ${reason?.code ?? ""} ${reason}`));
}
