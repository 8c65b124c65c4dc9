// Starts the development server in the working directory, and says where it is.
import { createServer } from "vite";

const server = await createServer({ server: { host: "localhost", port: 0 } });
await server.listen();
console.log(`localhost:${server.httpServer.address().port}`);
