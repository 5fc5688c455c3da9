using System;
using System.IO;
using System.Net.Sockets;
using System.Text;

class Bootstrap
{
    static Stream api;
    static readonly string Host = Environment.GetEnvironmentVariable("AWS_LAMBDA_RUNTIME_API");

    static void Main()
    {
        api = new TcpClient(Host.Split(':')[0], int.Parse(Host.Split(':')[1])).GetStream();
        for (string id = null; ;)
        {
            string given = Ask("GET", "next", "", ref id);
            Console.WriteLine("got " + given);
            string name = Environment.GetEnvironmentVariable("AWS_EXECUTION_ENV");
            string answer = "{\"cs\":" + given + ",\"version\":\"" + Environment.Version + "\",\"name\":\"" + name + "\"}";
            Ask("POST", id + "/response", answer, ref id);
        }
    }

    // The body of the answer; the id of an invocation, if there is one in it.
    static string Ask(string method, string path, string body, ref string id)
    {
        Write(method + " /2018-06-01/runtime/invocation/" + path + " HTTP/1.1\r\nHost: " + Host + "\r\n");
        Write("Content-Length: " + Encoding.UTF8.GetByteCount(body) + "\r\n\r\n" + body);
        int length = 0;
        for (string line; (line = ReadLine()) != ""; )
        {
            string[] parts = line.Split(new[] { ':' }, 2);
            string name = parts[0].ToLowerInvariant();
            if (name == "lambda-runtime-aws-request-id") id = parts[1].Trim();
            if (name == "content-length") length = int.Parse(parts[1]);
        }
        var bytes = new byte[length];
        for (int read = 0; read < length; ) read += api.Read(bytes, read, length - read);
        return Encoding.UTF8.GetString(bytes);
    }

    static void Write(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        api.Write(bytes, 0, bytes.Length);
    }

    static string ReadLine()
    {
        var line = new StringBuilder();
        for (int next; (next = api.ReadByte()) != '\n'; )
        {
            if (next < 0) throw new EndOfStreamException();
            if (next != '\r') line.Append((char)next);
        }
        return line.ToString();
    }
}
