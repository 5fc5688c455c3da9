// The attacks by Node.js, where they differ: child processes, worker threads, an event loop of its own.
const { spawn, execFileSync } = require("child_process"), fs = require("fs");
const { Worker } = require("worker_threads");
const forever = () => new Promise(() => {});

const attacks = {
    children: () => {
        let count = 0;
        for (; count < 5000; count++) {
            const child = spawn("/bin/sleep", ["60"], { detached: true, stdio: "ignore" });
            if (child.pid === undefined) break;
            child.unref();
        }
        return count;
    },
    killParent: () => {
        execFileSync("/bin/sh", ["-c", `kill -9 ${process.pid}`]);
    },
    pid1: () => {
        const answers = [];
        for (const name of ["mem", "environ", "maps"]) {
            try { answers.push(fs.readFileSync(`/proc/1/${name}`).length); } catch (error) { answers.push(error.code); }
        }
        try { process.kill(1, "SIGKILL"); } catch (error) { answers.push(error.code); }
        return answers;
    },
    becomeRoot: () => {
        try { process.setuid(0); return "root"; } catch (error) { return error.code; }
    },
    spin: () => {
        for (let n = 0; n < 8; n++) new Worker("for (;;);", { eval: true });
        for (;;);
    },
    workers: async () => {
        let count = 0;
        try {
            for (; count < 2000; count++) {
                const worker = new Worker("setInterval(() => {}, 1000)", { eval: true });
                await new Promise((resolve, reject) => worker.once("online", resolve).once("error", reject));
            }
        } catch (error) { return `${count}: ${error.code}`; }
        return count;
    },
    memory: async () => {
        const kept = [];
        for (;;) { kept.push(Buffer.alloc(1 << 20, 1)); await new Promise((resolve) => setImmediate(resolve)); }
    },
    control: async () => {
        fs.writeSync(3, Buffer.from("garbage, but long enough to be a head of some length"));
        await forever();
    },
    closeStandard: () => {
        for (const fd of [0, 1, 2]) fs.closeSync(fd);
        return "closed";
    },
    ignoreSignals: async () => {
        for (const name of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(name, () => {});
        process.on("uncaughtException", () => {});
        setInterval(() => {}, 1000);
        await forever();
    },
    poison: () => {
        Object.prototype.op = "done";
        Array.prototype.toJSON = () => "poisoned";
        JSON.parse = () => ({ forged: true });
        return { answer: [1] };
    },
    descriptors: () => fs.readdirSync("/proc/self/fd").map(Number).filter((fd) => {
        try { return /^(\/(?!dev\/|proc\/))/.test(fs.readlinkSync(`/proc/self/fd/${fd}`)); } catch { return false; }
    }),
};

exports.handler = async (event) => attacks[event]();
