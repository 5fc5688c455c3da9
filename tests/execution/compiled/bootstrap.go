package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
)

// ask sends a request and returns the id of an invocation, if there is one in the answer, and the body.
func ask(api net.Conn, answers *bufio.Reader, request string) (string, string) {
	if _, err := api.Write([]byte(request)); err != nil {
		panic(err)
	}
	id, length := "", 0
	for {
		line, err := answers.ReadString('\n')
		if err != nil {
			panic(err)
		}
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch strings.ToLower(name) {
		case "":
			body := make([]byte, length)
			if _, err := io.ReadFull(answers, body); err != nil {
				panic(err)
			}
			return id, string(body)
		case "lambda-runtime-aws-request-id":
			id = strings.TrimSpace(value)
		case "content-length":
			length, _ = strconv.Atoi(strings.TrimSpace(value))
		}
	}
}

func main() {
	host := os.Getenv("AWS_LAMBDA_RUNTIME_API")
	api, err := net.Dial("tcp", host)
	if err != nil {
		panic(err)
	}
	answers := bufio.NewReader(api)
	const base = "/2018-06-01/runtime/invocation/"
	for {
		id, event := ask(api, answers, "GET "+base+"next HTTP/1.1\r\nHost: "+host+"\r\n\r\n")
		fmt.Println("got", event)
		answer := `{"go":` + event + `}`
		ask(api, answers, fmt.Sprintf("POST %s%s/response HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n%s",
			base, id, host, len(answer), answer))
	}
}
