#include <arpa/inet.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>

class Api {
  public:
    Api(const std::string& host) {
        const auto colon = host.find(':');
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(std::stoi(host.substr(colon + 1)));
        inet_pton(AF_INET, host.substr(0, colon).c_str(), &address.sin_addr);
        if (connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address)) throw std::runtime_error("connect");
    }

    // The body of the answer; `id` of an invocation, if there is one in it.
    std::string ask(const std::string& request, std::string& id) {
        if (write(socket_, request.data(), request.size()) < 0) throw std::runtime_error("write");
        size_t length = 0;
        for (std::string line; !(line = read_line()).empty();) {
            const auto colon = line.find(": ");
            const auto name = line.substr(0, colon);
            if (!strcasecmp(name.c_str(), "lambda-runtime-aws-request-id")) id = line.substr(colon + 2);
            if (!strcasecmp(name.c_str(), "content-length")) length = std::stoul(line.substr(colon + 2));
        }
        while (unread_.size() < length) receive();
        const auto body = unread_.substr(0, length);
        unread_.erase(0, length);
        return body;
    }

  private:
    std::string read_line() {
        size_t end;
        while ((end = unread_.find("\r\n")) == std::string::npos) receive();
        const auto line = unread_.substr(0, end);
        unread_.erase(0, end + 2);
        return line;
    }

    void receive() {
        char bytes[4096];
        const auto count = read(socket_, bytes, sizeof bytes);
        if (count <= 0) throw std::runtime_error("read");
        unread_.append(bytes, count);
    }

    int socket_ = socket(AF_INET, SOCK_STREAM, 0);
    std::string unread_;
};

int main() {
    const std::string host = std::getenv("AWS_LAMBDA_RUNTIME_API"), base = " /2018-06-01/runtime/invocation/";
    const auto rest = " HTTP/1.1\r\nHost: " + host + "\r\n";
    Api api(host);
    for (std::string id;;) {
        const auto event = api.ask("GET" + base + "next" + rest + "\r\n", id);
        std::cout << "got " << event << std::endl;
        const auto answer = "{\"cpp\":" + event + "}";
        const auto length = "Content-Length: " + std::to_string(answer.size()) + "\r\n\r\n";
        api.ask("POST" + base + id + "/response" + rest + length + answer, id);
    }
}
