// Command peer is a server of gRPC on grpc-go, whose messages are bytes: what etcd is built on, without etcd's habits.
//
//	peer [-age D] [-pings D] [-streams N]      prints its port, and then a line for each call that its caller gave up
//
// A call whose message begins with one of these words is answered so; any other message comes back as it is, each of
// those of a stream.
//
//	size N           N bytes
//	fail CODE WORDS  the status
//	wait             nothing, until the call ends; before it the seconds that the caller gave it, for "wait loudly"
//	linger D         the message, after that time
//	leave            the message, while the server goes: it takes nothing new, and ends what it has begun
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
)

// bytesCodec takes messages for bytes.
type bytesCodec struct{}

func (bytesCodec) Marshal(v interface{}) ([]byte, error) { return *v.(*[]byte), nil }
func (bytesCodec) Unmarshal(data []byte, v interface{}) error {
	*v.(*[]byte) = append([]byte(nil), data...)
	return nil
}
func (bytesCodec) String() string { return "bytes" }

func main() {
	age := flag.Duration("age", time.Duration(math.MaxInt64), "has connections go after that time")
	pings := flag.Duration("pings", time.Millisecond, "the least time between two pings")
	streams := flag.Uint("streams", 100, "the most calls at once of a connection")
	flag.Parse()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var server *grpc.Server
	server = grpc.NewServer(
		grpc.CustomCodec(bytesCodec{}),
		grpc.MaxConcurrentStreams(uint32(*streams)),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionAge: *age}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: *pings, PermitWithoutStream: true}),
		grpc.UnknownServiceHandler(func(_ interface{}, stream grpc.ServerStream) error { return answer(server, stream) }),
	)
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	if err := server.Serve(listener); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func answer(server *grpc.Server, stream grpc.ServerStream) error {
	for {
		var message []byte
		if err := stream.RecvMsg(&message); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		words := strings.SplitN(string(message), " ", 3)
		switch {
		case words[0] == "size" && len(words) == 2:
			size, err := strconv.Atoi(words[1])
			if err != nil {
				return status.Error(codes.InvalidArgument, err.Error())
			}
			message = make([]byte, size)
		case words[0] == "fail" && len(words) == 3:
			code, err := strconv.Atoi(words[1])
			if err != nil {
				return status.Error(codes.InvalidArgument, err.Error())
			}
			return status.Error(codes.Code(code), words[2])
		case words[0] == "wait":
			return wait(stream, len(words) > 1)
		case words[0] == "linger" && len(words) == 2:
			pause, err := time.ParseDuration(words[1])
			if err != nil {
				return status.Error(codes.InvalidArgument, err.Error())
			}
			time.Sleep(pause)
		case words[0] == "leave":
			go server.GracefulStop()
		}
		if err := stream.SendMsg(&message); err != nil {
			return err
		}
	}
}

func wait(stream grpc.ServerStream, loudly bool) error {
	if deadline, ok := stream.Context().Deadline(); ok && loudly {
		message := []byte(strconv.Itoa(int(math.Round(time.Until(deadline).Seconds()))))
		if err := stream.SendMsg(&message); err != nil {
			return err
		}
	}
	<-stream.Context().Done()
	if stream.Context().Err() == context.Canceled {
		fmt.Println("given up")
	}
	return status.FromContextError(stream.Context().Err()).Err()
}
