package config

// reserved are the variables that other programs read as a setting of their own, with
// the program. lhrun makes none of them from a service's name: DOCKER_HOST of a
// service called docker would break every docker command, NUXT_PORT of one called
// nuxt would give all Nuxt servers the same port.
//
// Variables that only say where a server is, such as MYSQL_HOST, are not here: for a
// service of that name they are right.
var reserved = map[string]string{
	"DOCKER_HOST":     "the docker command",
	"CONTAINER_HOST":  "podman",
	"BUILDKIT_HOST":   "buildctl",
	"OLLAMA_HOST":     "ollama",
	"LOCALSTACK_HOST": "awslocal",
	"LANGFUSE_HOST":   "Langfuse's client",
	"INFLUX_HOST":     "the influx command",
	"GH_HOST":         "the gh command",
	"GITLAB_HOST":     "the glab command",
	"HEROKU_HOST":     "the heroku command",

	"KUBERNETES_SERVICE_HOST": "Kubernetes' clients",
	"KUBERNETES_SERVICE_PORT": "Kubernetes' clients",
	"PREFECT_API_URL":         "prefect",
	"TUNNEL_URL":              "cloudflared",
	"PIP_INDEX_URL":           "pip",
	"UV_INDEX_URL":            "uv",
	"AWS_ENDPOINT_URL":        "AWS' clients",
	"GITHUB_API_URL":          "GitHub's clients",
	"OPENAI_BASE_URL":         "OpenAI's client",
	"ANTHROPIC_BASE_URL":      "Anthropic's client",

	"SERVER_PORT":            "Spring Boot and artisan serve",
	"MANAGEMENT_SERVER_PORT": "Spring Boot",
	"SPRING_DATASOURCE_URL":  "Spring Boot",
	"MICRONAUT_SERVER_PORT":  "Micronaut",
	"QUARKUS_HTTP_HOST":      "Quarkus",
	"QUARKUS_HTTP_PORT":      "Quarkus",
	"ASPNETCORE_HTTPS_PORT":  "ASP.NET Core",
	"HTTPS_PORT":             "ASP.NET Core",
	"JMX_PORT":               "Kafka and ZooKeeper",
	"RABBITMQ_NODE_PORT":     "RabbitMQ",
	"ERL_EPMD_PORT":          "Erlang",
	"PHX_HOST":               "Phoenix",
	"ROCKET_PORT":            "Rocket",
	"MINIO_SERVER_URL":       "MinIO",

	"PUBLIC_URL":       "Create React App",
	"WDS_SOCKET_HOST":  "webpack's dev server",
	"WDS_SOCKET_PORT":  "webpack's dev server",
	"NUXT_HOST":        "Nuxt",
	"NUXT_PORT":        "Nuxt",
	"NITRO_HOST":       "Nitro",
	"NITRO_PORT":       "Nitro",
	"BUN_PORT":         "bun",
	"NODE_PORT":        "bun",
	"RCT_METRO_PORT":   "Metro",
	"TRUNK_SERVE_PORT": "trunk",
	"ROOT_URL":         "Meteor",
	"NEXTAUTH_URL":     "NextAuth",
	"BETTER_AUTH_URL":  "Better Auth",
	"VERCEL_URL":       "what is made for Vercel",

	"FLASK_RUN_HOST":        "flask",
	"FLASK_RUN_PORT":        "flask",
	"UVICORN_HOST":          "uvicorn",
	"UVICORN_PORT":          "uvicorn",
	"GRANIAN_HOST":          "granian",
	"GRANIAN_PORT":          "granian",
	"STREAMLIT_SERVER_PORT": "streamlit",
	"GRADIO_SERVER_PORT":    "Gradio",
	"CHAINLIT_HOST":         "chainlit",
	"CHAINLIT_PORT":         "chainlit",
	"JUPYTER_PORT":          "jupyter",
	"MLFLOW_HOST":           "mlflow",
	"MLFLOW_PORT":           "mlflow",

	"HTTP_HOST":               "CGI programs",
	"REMOTE_HOST":             "CGI programs",
	"REMOTE_PORT":             "CGI programs",
	"SCCACHE_SERVER_PORT":     "sccache",
	"ANDROID_ADB_SERVER_PORT": "adb",
	"MYSQL_UNIX_PORT":         "MySQL's clients",
}
